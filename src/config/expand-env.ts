export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:default}` in one value. An unset variable gives nothing, an
 * unset or empty one takes the default, `$$` writes a dollar, and a dollar before anything else
 * stays. What a variable holds is not expanded again. Undefined when a `${` has no name or no end.
 */
export function expandEnv(text: string, env: Environment): string | undefined {
  let broken = false
  const expanded = text.replace(REFERENCE, (match, braced?: string, plain?: string) => {
    if (match === '$$') return '$'
    if (plain !== undefined) return valueOf(plain, env)
    const [, name, fallback = ''] = BRACED.exec(braced ?? '') ?? []
    if (name === undefined) broken = true
    else return valueOf(name, env) || fallback
    return match
  })
  return broken ? undefined : expanded
}

const REFERENCE = /\$\$|\$\{([^}]*)\}|\$([A-Za-z_]\w*)|\$\{/g
const BRACED = /^([A-Za-z_]\w*)(?::([\s\S]*))?$/

/** Looks at own properties only: `$constructor` is not set. */
function valueOf(name: string, env: Environment): string {
  return Object.hasOwn(env, name) ? (env[name] ?? '') : ''
}
