export interface StaggerOptions<Item> {
  /** The last item has been visited by then. */
  readonly withinMs: number
  readonly visit: (item: Item) => void
}

/**
 * Visits each of `items` once, evenly spread over a time, each at a random moment of its share:
 * what all of them do next does not happen at once. Within 0 ms that is now. The returned call
 * stops it.
 */
export function stagger<Item>(
  items: Iterable<Item>,
  { withinMs, visit }: StaggerOptions<Item>,
): () => void {
  const all = [...items]
  if (withinMs === 0) {
    for (const item of all) visit(item)
    return () => {}
  }
  const shareMs = withinMs / all.length
  const timers = all.map((item, index) =>
    setTimeout(() => visit(item), (index + Math.random()) * shareMs),
  )
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}
