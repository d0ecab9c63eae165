/** Older versions are broken (RFC 8996). */
export const MIN_TLS_VERSION = 'TLSv1.2'

/**
 * Only what is authenticated and leaves nothing to decrypt later: TLS 1.3, and of TLS 1.2 what an
 * HTTP/2 client would take (RFC 9113, Appendix A), so that every client of the last decade can.
 */
export const TLS_CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
