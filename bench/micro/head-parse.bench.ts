import { formatRequestHead } from '../../src/http1/head-writer.ts'
import { parseRequestHead, parseResponseHead } from '../../src/http1/head-parser.ts'
import { HeadReader } from '../../src/http1/head-reader.ts'
import { HttpViolation } from '../../src/http1/violation.ts'
import { decodeLatin1 } from '../../src/net/latin1.ts'
import type { Benchmark } from './benchmark.ts'

const REQUEST = [
  'GET /api/v1/items?page=2&sort=name HTTP/1.1',
  'Host: my-endpoint.piko.example.com',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: application/json, text/plain, */*',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br',
  'Cookie: session=b2d0a5f0c1e84d3b9f6a7c8d9e0f1a2b; theme=dark',
  'X-Forwarded-For: 203.0.113.7',
  '',
  '',
].join('\r\n')

const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Sun, 06 Nov 1994 08:49:37 GMT',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 100',
  'Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT',
  'ETag: "6549d0f1-64"',
  '',
  '',
].join('\r\n')

/** Finds the head in a chunk and parses it. */
function parsing(
  name: string,
  text: string,
  parse: (head: string) => { readonly fields: readonly string[] } | HttpViolation,
): Benchmark {
  const chunk = Buffer.from(text, 'latin1')
  return {
    name,
    run(count) {
      const reader = new HeadReader(65_536, decodeLatin1)
      let fields = 0
      for (let done = 0; done < count; done += 1) {
        const progress = reader.push(chunk)
        const head = progress.kind === 'head' ? parse(progress.text) : undefined
        if (head === undefined || head instanceof HttpViolation) return Number.NaN
        fields += head.fields.length
        reader.reset()
      }
      return fields
    },
  }
}

const writing: Benchmark = {
  name: 'write a request head of 7 fields',
  run(count) {
    const head = parseRequestHead(REQUEST.slice(0, -2))
    if (head instanceof HttpViolation) return Number.NaN
    let characters = 0
    for (let done = 0; done < count; done += 1) characters += formatRequestHead(head).length
    return characters
  },
}

export const benchmarks: readonly Benchmark[] = [
  parsing('parse a request head of 7 fields', REQUEST, parseRequestHead),
  parsing('parse a response head of 6 fields', RESPONSE, parseResponseHead),
  writing,
]
