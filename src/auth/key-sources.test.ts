import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { makeSigningKey, publicJwk } from '../../test/support/token-keys.ts'
import type { SigningKey } from '../../test/support/token-keys.ts'
import { loadConfig } from '../config/load-config.ts'
import { section } from '../config/section.ts'
import { RecordingLogger } from '../log/recording-logger.ts'
import { authSection } from './config.ts'
import { KeySources } from './key-sources.ts'

const root = section({ auth: authSection })

/** A file with a key, and what is read from it through this setting. */
async function start(setting: string, content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'piko-keys-'))
  const file = join(folder, 'key')
  const write = (text: string) => writeFileSync(file, text)
  write(content)
  const value = setting === 'jwks.endpoint' ? pathToFileURL(file).href : file
  const { auth } = loadConfig(root, { argv: [`--auth.${setting}=${value}`] })
  const logger = new RecordingLogger()
  const sources = new KeySources({ logger, loaded: () => {} })
  onTestFinished(() => {
    sources.close()
    rmSync(folder, { recursive: true })
  })
  const source = sources.add(auth)
  await sources.start()
  const keyFor = (algorithm: string) => source.candidates(undefined, algorithm)[0]?.key
  return { write, source, logger, keyFor }
}

const asIs = ({ verifier }: SigningKey) => verifier
const asSet = (key: SigningKey) => JSON.stringify({ keys: [publicJwk(key)] })

const FILES: readonly (readonly [string, string, (key: SigningKey) => string])[] = [
  ['hmac-secret-key-file', 'HS256', asIs],
  ['rsa-public-key-file', 'RS256', asIs],
  ['ecdsa-public-key-file', 'ES384', asIs],
  ['jwks.endpoint', 'ES256', asSet],
]

test.each(FILES)('%s: another key counts from when its file has it', async (...kind) => {
  const [setting, algorithm, contentOf] = kind
  const [first, second] = [makeSigningKey(algorithm), makeSigningKey(algorithm)]
  const { write, source, keyFor } = await start(setting, contentOf(first))
  const before = keyFor(algorithm)
  const { version } = source
  write(contentOf(second))
  await expect.poll(() => source.version).toBeGreaterThan(version)
  expect(before?.equals(keyFor(algorithm)!)).toBe(false)
})

test.each(FILES.slice(1))('%s: a broken file leaves the last key', async (...kind) => {
  const [setting, algorithm, contentOf] = kind
  const { write, logger, keyFor } = await start(setting, contentOf(makeSigningKey(algorithm)))
  const before = keyFor(algorithm)
  write('half a k')
  await expect.poll(() => logger.messages.join()).toMatch(/not read; its last key stays|not loaded/)
  expect(keyFor(algorithm)).toBe(before)
  expect(JSON.stringify(logger.entries)).not.toContain('half a k')
})

test('ports with the same key set share it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'piko-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys.json')
  writeFileSync(file, asSet(makeSigningKey('ES256')))
  const argv = [`--auth.jwks.endpoint=${pathToFileURL(file).href}`]
  const loads: boolean[] = []
  const sources = new KeySources({
    logger: new RecordingLogger(),
    loaded: (isGood) => loads.push(isGood),
  })
  onTestFinished(() => sources.close())
  const { auth } = loadConfig(root, { argv })
  expect(sources.add(auth)).toBe(sources.add(auth))
  await sources.start()
  expect(loads).toEqual([true])
})
