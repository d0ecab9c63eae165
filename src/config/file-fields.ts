import { defineField, type Field, type FieldOptions, type Kind } from './field.ts'
import { spokenName, yamlName } from './names.ts'

/**
 * The path of a file; '' when none is configured. The program that has the setting hears of a new
 * content as of a new configuration (`Reloadable`): it reads the file once more then.
 */
export function path(options: FieldOptions<string>): Field<string> {
  return defineField(pathKind, options)
}

const pathKind: Kind<string> = {
  type: 'path',
  allowed: 'the path of a file',
  empty: '',
  json: { type: 'string' },
  file: true,
  parse: (value) => ({ value }),
  format: (value) => value,
}

/** `field` under its own key, and the path of a file that may hold its value instead. */
type WithFile<Key extends string, Value> = Readonly<Record<Key, Field<Value>>> &
  Readonly<Record<`${Key}File`, Field<string>>>

/**
 * A setting whose value may stand in a file of its own, as keys and tokens do in a cluster:
 *
 *     section({ ...orFile('token', secret({ help: 'Token to authenticate with.' })), … })
 *
 *     token: abc                    config.token is the value either way; of the file's text the
 *     token_file: /run/token        line breaks at the end are taken off
 *
 * Setting both is a mistake, but a flag for one wins over the other in the file. The value is read
 * with the configuration, and again with each reload, to which a change of the file leads; a
 * secret's `reveal()` besides looks into the file at each call, so that a token that is asked for
 * at each connect is always the current one.
 */
export function orFile<const Key extends string, Value>(
  key: Key,
  field: Field<Value>,
): WithFile<Key, Value> {
  const spoken = spokenName(yamlName(key))
  const { reload = false, basic = false } = field.options
  const options = {
    reload,
    basic,
    help: `File that holds the ${spoken}; in place of the setting itself.`,
  }
  const pair: Record<string, Field<Value> | Field<string>> = {
    [key]: field,
    [`${key}File`]: defineField({ ...pathKind, contentOf: key }, options),
  }
  return pair as WithFile<Key, Value>
}
