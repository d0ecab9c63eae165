import { orFile } from '../config/file-fields.ts'
import { bytes, duration, flag, integer } from '../config/number-fields.ts'
import { items, list, section } from '../config/section.ts'
import type { Complaint, ConfigOf, Section } from '../config/section.ts'
import { secret, text, url } from '../config/text-fields.ts'
import { toError } from '../std/errors.ts'
import { ecdsaKey, rsaKey } from './verification-key.ts'
import type { VerificationKey } from './verification-key.ts'

const jwksSection = section({
  endpoint: url({
    schemes: ['https', 'http', 'file'],
    help:
      'Where a key set (JWKS) is: an https, http or file URL. Its keys verify tokens; no other ' +
      'key can be set beside it.',
    check: (endpoint) =>
      endpoint !== '' && new URL(endpoint).password !== ''
        ? 'endpoint cannot hold a password'
        : undefined,
  }),
  cacheTtlMs: duration({
    default: '1h',
    help:
      'How long the key set is used before it is loaded again. A token with an unknown key id ' +
      'makes it be loaded at once, every 5s at most. 0 is 1h.',
  }),
  timeoutMs: duration({
    default: '10s',
    help: 'How long the key set may take to load. 0 is 10s.',
  }),
})

const authFields = {
  ...orFile(
    'hmacSecretKey',
    secret({ help: 'Secret that verifies tokens signed with HS256, HS384 or HS512.' }),
  ),
  ...orFile(
    'rsaPublicKey',
    text({ help: 'Public key in PEM that verifies tokens signed with RS256, RS384 or RS512.' }),
  ),
  ...orFile(
    'ecdsaPublicKey',
    text({ help: 'Public key in PEM that verifies tokens signed with ES256, ES384 or ES512.' }),
  ),
  audience: text({ help: 'What a token’s aud must name.' }),
  issuer: text({ help: 'What a token’s iss must be.' }),
  requireEndpoints: flag({
    help:
      'Whether a token without piko.endpoints, or with an empty list, is good for no endpoint. ' +
      'It is good for all of them otherwise.',
  }),
  disableDisconnectOnExpiry: flag({
    help: 'Whether a tunnel may outlive the token that it was opened with.',
  }),
  jwks: jwksSection,
}

const HELP = 'Tokens (JWT) that this port asks for; none are asked for without a key.'

/** How one port, or one tenant, verifies tokens. Without a key everybody is let in. */
export type AuthConfig = ConfigOf<Section<typeof authFields>>

export const authSection = section(authFields, { help: HELP, check: mistakesOf })

const limitsSection = section({
  endpoints: integer({ min: 0, help: 'Endpoints of the tenant on a node. 0 is unlimited.' }),
  connections: integer({ min: 0, help: 'Tunnels of the tenant on a node. 0 is unlimited.' }),
  requestsInFlight: integer({
    min: 0,
    help: 'Requests and connections of its clients under way on a node. 0 is unlimited.',
  }),
  bytesPerSecond: bytes({
    help:
      'Bytes a second of its requests, answers and connections together, both ways, that a node ' +
      'takes from its clients and brings them. Above it all of them get slower. 0 is unlimited.',
  }),
})

/** Everything about one tenant. */
export const tenantSection = section(
  {
    id: text({
      help: 'What listeners and clients send as x-piko-tenant-id.',
      check: (id) => (isTenantId(id) ? undefined : 'id may have up to 64 of A-Z a-z 0-9 . _ -'),
    }),
    auth: authSection,
    domains: list({
      help:
        'Domains whose names are endpoints of the tenant: a request for orders.acme.example.com ' +
        'reaches its endpoint orders when this has acme.example.com.',
    }),
    limits: limitsSection,
  },
  {
    *check({ id, auth }) {
      if (id === '') yield { at: 'id', text: 'missing tenant id' }
      if (!isAuthEnabled(auth)) yield { at: 'auth', text: 'tenant auth disabled' }
    },
  },
)

export type TenantConfig = ConfigOf<typeof tenantSection>

/** The tenants of a cluster; the same on all of its nodes. */
export const tenantItems = items(tenantSection, {
  help:
    'Tenants. Where there are any, every listener belongs to one, and is verified with its keys. ' +
    'Give every node the same ones.',
})

/** What several tenants together get wrong. */
export function* tenantMistakes(tenants: readonly TenantConfig[]): Generator<Complaint> {
  const taken = new Set<string>()
  for (const name of tenants.flatMap(({ id, domains }) => [id, ...domains.map(lowerCase)])) {
    if (taken.has(name)) yield { at: 'tenants', text: `${name} is there twice` }
    taken.add(name)
  }
}

export function isAuthEnabled({ hmacSecretKey, rsaPublicKey, ecdsaPublicKey, jwks }: AuthConfig) {
  return hmacSecretKey.isSet || [rsaPublicKey, ecdsaPublicKey, jwks.endpoint].some(isNamed)
}

function* mistakesOf(auth: AuthConfig): Generator<Complaint> {
  const { hmacSecretKey, rsaPublicKey, ecdsaPublicKey, jwks, audience, issuer } = auth
  const wants = [audience, issuer].some(isNamed) || auth.requireEndpoints
  const hasKey = hmacSecretKey.isSet || [rsaPublicKey, ecdsaPublicKey].some(isNamed)
  if (jwks.endpoint !== '' && hasKey) {
    yield 'no other verification key can be set when JWKS.Endpoint is set'
  }
  if (!isAuthEnabled(auth) && wants) yield 'missing verification key'
  // Not as checks of the fields, which would show what was found: it may be a private key.
  yield* keyMistakes('rsa', rsaPublicKey, rsaKey)
  yield* keyMistakes('ecdsa', ecdsaPublicKey, ecdsaKey)
}

function* keyMistakes(
  kind: string,
  pem: string,
  read: (pem: string) => VerificationKey,
): Generator<Complaint> {
  try {
    if (pem !== '') read(pem)
  } catch (error) {
    const mistake = `parse ${kind} public key: ${toError(error).message}`
    yield { at: `${kind}_public_key`, text: mistake }
  }
}

/** What is safe in a log, a URL and the names of gossip. */
function isTenantId(id: string): boolean {
  return id === '' || /^[A-Za-z0-9._-]{1,64}$/.test(id)
}

function isNamed(value: string): boolean {
  return value !== ''
}

function lowerCase(domain: string): string {
  return domain.toLowerCase()
}
