/** A line of a program's log: an object when it is JSON, as all of Piko's lines are. */
export interface LogLine {
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function parseLogLine(text: string): LogLine {
  try {
    const fields: unknown = JSON.parse(text)
    if (typeof fields === 'object' && fields !== null) {
      return { text, fields: fields as Record<string, unknown> }
    }
  } catch {
    // What a program says before it has a log is plain text.
  }
  return { text, fields: {} }
}

/** For people who look on: `GET / 200 in 1.2ms`, or the message with its fields. */
export function briefly({ text, fields }: LogLine): string {
  const { level, ts: _ts, subsystem: _subsystem, msg, request, ...rest } = fields
  if (typeof msg !== 'string') return text
  if (typeof request === 'object' && request !== null) {
    return describeRequest(request as Record<string, unknown>)
  }
  const details = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`)
  const severity = level === 'info' ? [] : [String(level)]
  return [...severity, msg, ...details].join(' ')
}

function describeRequest(request: Readonly<Record<string, unknown>>): string {
  const { method, path, status, duration } = request
  return `${String(method)} ${String(path)} ${String(status)} in ${String(duration)}`
}
