import type { Metrics } from '../../metrics/metrics.ts'
import type { NodePort } from '../../net/node-port.ts'
import type { ClusterStatus } from './cluster-status.ts'
import type { Membership } from './membership.ts'

/** Registers what is measured of the cluster: read when Prometheus asks. */
export function measureCluster(
  metrics: Metrics,
  parts: { status: ClusterStatus; membership: Membership; nodePort: NodePort },
): void {
  const { status, membership, nodePort } = parts
  metrics.gauge('piko_cluster_nodes', 'Nodes by status, as this node sees them.', () =>
    Array.from(status.counts(), ([word, value]) => ({ labels: { status: word }, value })),
  )
  const counts = () => membership.core?.counts
  metrics.counterOf(
    'piko_gossip_packet_bytes_inbound_total',
    'Bytes of gossip datagrams received.',
    () => counts()?.bytesIn ?? 0,
  )
  metrics.counterOf(
    'piko_gossip_packet_bytes_outbound_total',
    'Bytes of gossip datagrams sent.',
    () => counts()?.bytesOut ?? 0,
  )
  metrics.counterOf(
    'piko_gossip_packets_dropped_total',
    'Gossip datagrams that were no message, or none of this cluster.',
    () => (counts()?.dropped ?? 0) + nodePort.foreignPackets,
  )
  metrics.counterOf(
    'piko_gossip_packets_replayed_total',
    'Sealed gossip datagrams that came a second time; among those dropped.',
    () => nodePort.replayedPackets,
  )
  metrics.counterOf(
    'piko_gossip_syncs_total',
    'Reconciliations over a stream that this node asked for.',
    () => counts()?.syncs ?? 0,
  )
}
