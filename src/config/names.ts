/**
 * The names of one setting, all derived from the key in the code:
 *
 *     key in the code   YAML          flag                   in sentences
 *     bindAddr          bind_addr     --proxy.bind-addr      bind addr
 */
export function yamlName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `['proxy', 'bind_addr']` → `proxy.bind-addr`, without the dashes in front. */
export function flagName(path: readonly string[]): string {
  return path.join('.').replaceAll('_', '-')
}

/** `bind_addr` → `bind addr`, as the deployed Piko's messages put it: `missing bind addr`. */
export function spokenName(name: string): string {
  return name.replaceAll('_', ' ')
}
