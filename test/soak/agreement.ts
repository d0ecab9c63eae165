/** What one node says of itself and the others: the number of upstreams by node id. */
async function countsOf(adminPort: number): Promise<{ own: number; all: Map<string, number> }> {
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${adminPort}/status/${path}`)).json()
  const endpoints = (await ask('upstream/endpoints')) as Record<string, number>
  const nodes = (await ask('cluster/nodes')) as { id: string; status: string; upstreams: number }[]
  const active = nodes.filter(({ status }) => status === 'active')
  return {
    own: Object.values(endpoints).reduce((sum, count) => sum + count, 0),
    all: new Map(active.map(({ id, upstreams }) => [id, upstreams])),
  }
}

/**
 * Whether every node knows how many upstreams each node really has, and there are `total` in all.
 * False too when a node does not answer.
 */
export async function countsAgree(adminPorts: readonly number[], total: number): Promise<boolean> {
  try {
    const views = await Promise.all(adminPorts.map(countsOf))
    const real = views.map(({ own }) => own)
    return (
      real.reduce((sum, own) => sum + own, 0) === total &&
      views.every(({ all }) => real.every((own, i) => all.get(`n${i + 1}`) === own))
    )
  } catch {
    return false
  }
}
