import type { StatusSource } from './status-source.ts'

/** A status page: gives its value, or undefined when there is no such thing. */
type StatusPage = (status: StatusSource, asked: Asked) => unknown

interface Asked {
  readonly id: string
  /** `?verbose` asks for more than the deployed Piko shows. */
  readonly verbose: boolean
}

/** Each path, with `:id` where a name stands (compatibility, §1.5). */
const PAGES: readonly (readonly [RegExp, StatusPage])[] = [
  [
    /^\/status\/upstream\/endpoints$/,
    (status, { verbose }) => (verbose ? status.upstreamDetails() : status.upstreamEndpoints()),
  ],
  [/^\/status\/cluster\/nodes$/, ({ cluster }) => cluster.nodes()],
  [/^\/status\/cluster\/nodes\/([^/]+)$/, ({ cluster }, { id }) => cluster.node(id)],
  [/^\/status\/gossip\/nodes$/, ({ cluster }) => cluster.gossipNodes()],
  [/^\/status\/gossip\/nodes\/([^/]+)$/, ({ cluster }, { id }) => cluster.gossipNode(id)],
]

/** What the status page at `url` shows; undefined when there is none. */
export function statusPage(status: StatusSource, url: URL): unknown {
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(url.pathname)
    const id = match === null ? undefined : decodeSegment(match[1] ?? '')
    if (id !== undefined) return page(status, { id, verbose: url.searchParams.has('verbose') })
  }
  return undefined
}

/** Undefined when the percent-encoding is broken: nothing has such a name. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
