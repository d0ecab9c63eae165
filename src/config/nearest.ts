/** Suggestions for a mistyped name: the candidate that the fewest slips of the finger explain. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  const plain = plainName(written)
  let best: string | undefined
  let bestSlips = Math.max(1, Math.floor(plain.length / 3)) + 1
  for (const candidate of candidates) {
    const slips = slipsBetween(plain, plainName(candidate), bestSlips)
    if (slips < bestSlips) {
      best = candidate
      bestSlips = slips
    }
  }
  return best
}

/** `bindAddr`, `bind-addr` and `Bind_Addr` are the same name, written in other habits. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/**
 * How many letters must be added, dropped, changed or swapped with their neighbour (the optimal
 * string alignment distance). Stops early and returns `limit` when it is at least that many.
 *
 *          s e c r e t     each cell: the least of left + 1, above + 1,
 *        0 1 2 3 4 5 6     diagonal + (0 if equal, else 1), and two up and
 *      s 1 0 1 2 3 4 5     two left + 1 where two letters are swapped
 *      e 2 1 0 1 2 3 4
 */
function slipsBetween(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit || left.length > 100) return limit
  let twoUp: number[] = []
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      let slips = Math.min(
        (current[column - 1] as number) + 1,
        (above[column] as number) + 1,
        (above[column - 1] as number) + (same ? 0 : 1),
      )
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (row > 1 && column > 1 && swapped) slips = Math.min(slips, (twoUp[column - 2] ?? 0) + 1)
      current.push(slips)
    }
    twoUp = above
    above = current
  }
  return above[right.length] as number
}
