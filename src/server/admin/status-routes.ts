import type { StatusSource } from './status-source.ts'

/** A status page: gives its value, or undefined when there is no such thing. */
type StatusPage = (status: StatusSource, id: string) => unknown

/** Each path, with `:id` where a name stands (compatibility, §1.5). */
const PAGES: readonly (readonly [RegExp, StatusPage])[] = [
  [/^\/status\/upstream\/endpoints$/, (status) => status.upstreamEndpoints()],
  [/^\/status\/cluster\/nodes$/, ({ cluster }) => cluster.nodes()],
  [/^\/status\/cluster\/nodes\/([^/]+)$/, ({ cluster }, id) => cluster.node(id)],
  [/^\/status\/gossip\/nodes$/, ({ cluster }) => cluster.gossipNodes()],
  [/^\/status\/gossip\/nodes\/([^/]+)$/, ({ cluster }, id) => cluster.gossipNode(id)],
]

/** What the status page at `path` shows; undefined when there is none. */
export function statusPage(status: StatusSource, path: string): unknown {
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(path)
    if (match !== null) return page(status, match[1] ?? '')
  }
  return undefined
}
