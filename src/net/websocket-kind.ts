/** Who frames: Piko itself on the upgraded socket, or the `ws` package. */
export type WebSocketKind = 'own' | 'ws'

/** Own framing costs less per request, and both pass the same conformance tests. */
export const DEFAULT_WEBSOCKET_KIND: WebSocketKind = 'own'
