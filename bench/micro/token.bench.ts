import { JwtVerifier } from '../../src/auth/jwt-verifier.ts'
import { findCredentials } from '../../src/auth/credentials.ts'
import { StaticKeys } from '../../src/auth/static-keys.ts'
import { ecdsaKey } from '../../src/auth/verification-key.ts'
import { RecordingLogger } from '../../src/log/recording-logger.ts'
import { makeSigningKey, secondsFromNow, signToken } from '../../test/support/token-keys.ts'
import type { Benchmark } from './benchmark.ts'

const signer = makeSigningKey('ES256')
const verifier = new JwtVerifier({
  keys: new StaticKeys([ecdsaKey(signer.verifier)]),
  audience: 'piko',
  issuer: '',
  requireEndpoints: false,
  logger: new RecordingLogger(),
  verified: () => {},
})

/** As many clients, each with a token of its own. */
const requests = await Promise.all(
  Array.from({ length: 256 }, async (_, client) => {
    const claims = { aud: 'piko', sub: `${client}`, exp: secondsFromNow(3_600) }
    const token = await signToken(signer, claims)
    await verifier.verify(token)
    return ['Host', 'my-endpoint.piko.example.com', 'Authorization', `Bearer ${token}`]
  }),
)

/** What a token costs with every request but a client's first. */
const known: Benchmark = {
  name: 'know a token again',
  run(count) {
    let decided = 0
    for (let done = 0; done < count; done += 1) {
      const { token } = findCredentials(requests[done & 255] as string[])
      if (!(verifier.verify(token as string) instanceof Promise)) decided += 1
    }
    return decided
  },
}

export const benchmarks: readonly Benchmark[] = [known]
