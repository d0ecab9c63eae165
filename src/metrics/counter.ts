/** A number that only grows. A plain field: counting costs an addition, nothing else. */
export class Counter {
  value = 0

  inc(by = 1): void {
    this.value += by
  }
}
