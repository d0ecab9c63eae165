import { readValueFile } from '../config/secret-file.ts'
import type { AuthConfig } from './config.ts'
import { ecdsaKey, hmacKey, rsaKey } from './verification-key.ts'
import type { VerificationKey } from './verification-key.ts'

/**
 * The keys that a configuration holds or names files for, as those are now. Throws an Error that
 * says which file is wrong.
 */
export function configuredKeys(auth: AuthConfig): readonly VerificationKey[] {
  const { hmacSecretKey, rsaPublicKey, rsaPublicKeyFile, ecdsaPublicKey, ecdsaPublicKeyFile } = auth
  const rsa = current(rsaPublicKey, rsaPublicKeyFile)
  const ecdsa = current(ecdsaPublicKey, ecdsaPublicKeyFile)
  return [
    ...(hmacSecretKey.isSet ? [hmacKey(hmacSecretKey.reveal())] : []),
    ...(rsa === '' ? [] : [rsaKey(rsa)]),
    ...(ecdsa === '' ? [] : [ecdsaKey(ecdsa)]),
  ]
}

/** The files among them. */
export function keyFiles(auth: AuthConfig): readonly string[] {
  const { hmacSecretKeyFile, rsaPublicKeyFile, ecdsaPublicKeyFile } = auth
  return [hmacSecretKeyFile, rsaPublicKeyFile, ecdsaPublicKeyFile].filter((path) => path !== '')
}

/** A key as it is in its file now, if it has one. */
function current(text: string, file: string): string {
  if (file === '') return text
  const content = readValueFile(file)
  if ('refused' in content) throw new Error(`${file} ${content.refused}`)
  return content.text
}
