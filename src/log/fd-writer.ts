import { write, writeSync } from 'node:fs'
import { errorCode } from '../std/errors.ts'

/**
 * Lines gather for so long, or until there are so many bytes: a write costs as much as a request.
 */
const GATHER_MS = 20
const GATHER_BYTES = 65_536
/** How much may wait for a slow reader before further lines are lost. */
const WAITING_MAX_BYTES = 8_388_608
const RETRY_MS = 20
const CLOSE_MS = 1_000

/**
 * Writes lines to a file descriptor from the thread pool, one write at a time, so that a reader
 * that is stuck never stops the program:
 *
 *     write() → [ line line line ][ line line … ]    a moment later a chunk leaves in one write
 *                  chunks, in order of time         → [ chunk ] → descriptor
 *                                                      in flight
 *
 * What cannot be written is lost and counted. A closed pipe or a full disk is no reason to end.
 * A process that exits writes what still waits on its way out.
 */
export class FdWriter {
  /** Lines that were given up, since the start. */
  lost = 0
  private readonly fd: number
  /** Only the last one has room. */
  private readonly chunks: Chunk[] = []
  /** A chunk that was written: a new one each time would have the whole heap collected for it. */
  private spare: Chunk | undefined
  private waitingBytes = 0
  private inFlight = false
  private gathering: NodeJS.Timeout | undefined
  private onIdle: (() => void) | undefined

  constructor(fd: number) {
    this.fd = fd
    process.once('exit', this.onExit)
  }

  /** A line with its end. Bytes are copied. */
  write(line: string | Uint8Array): void {
    const byteLength = typeof line === 'string' ? Buffer.byteLength(line) : line.length
    if (this.waitingBytes + byteLength > WAITING_MAX_BYTES) {
      this.lost += 1
      return
    }
    this.chunkWithRoom(byteLength).append(line)
    this.waitingBytes += byteLength
    if (this.inFlight) return
    if (this.waitingBytes >= GATHER_BYTES) this.next()
    else this.gathering ??= setTimeout(() => this.next(), GATHER_MS).unref()
  }

  /** Resolves when everything is written, or after a second with a reader that does not read. */
  close(): Promise<void> {
    process.off('exit', this.onExit)
    if (!this.inFlight) this.next()
    if (!this.inFlight) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS)
      this.onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private readonly onExit = (): void => {
    try {
      for (const { bytes } of this.chunks) writeSync(this.fd, bytes)
    } catch {
      // The process ends, and there is nobody left to tell.
    }
  }

  private chunkWithRoom(byteLength: number): Chunk {
    const last = this.chunks.at(-1)
    if (last !== undefined && last.room >= byteLength) return last
    const chunk = byteLength > GATHER_BYTES ? new Chunk(byteLength) : this.emptyChunk()
    this.chunks.push(chunk)
    return chunk
  }

  private emptyChunk(): Chunk {
    const { spare } = this
    this.spare = undefined
    return spare ?? new Chunk(GATHER_BYTES)
  }

  private next(): void {
    clearTimeout(this.gathering)
    this.gathering = undefined
    const chunk = this.chunks.shift()
    this.inFlight = chunk !== undefined
    if (chunk === undefined) {
      this.onIdle?.()
      return
    }
    const { bytes } = chunk
    this.waitingBytes -= bytes.length
    this.send(chunk, bytes)
  }

  /** `rest`: what has not been written of the chunk. */
  private send(chunk: Chunk, rest: Uint8Array): void {
    write(this.fd, rest, 0, rest.length, null, (error, written) => {
      if (error === null && written === rest.length) this.sent(chunk)
      else if (error === null) this.send(chunk, rest.subarray(written))
      else if (errorCode(error) === 'EAGAIN') this.retry(chunk, rest)
      else {
        this.lost += chunk.lineCount
        this.next()
      }
    })
  }

  private sent(chunk: Chunk): void {
    chunk.clear()
    if (chunk.room === GATHER_BYTES) this.spare = chunk
    this.next()
  }

  /** The descriptor is in non-blocking mode and its pipe is full; nothing tells when it empties. */
  private retry(chunk: Chunk, rest: Uint8Array): void {
    setTimeout(() => this.send(chunk, rest), RETRY_MS)
  }
}

/** Lines that leave together. */
class Chunk {
  lineCount = 0
  private readonly buffer: Buffer
  private length = 0

  constructor(byteLength: number) {
    this.buffer = Buffer.allocUnsafeSlow(byteLength)
  }

  get room(): number {
    return this.buffer.length - this.length
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  clear(): void {
    this.lineCount = 0
    this.length = 0
  }

  append(line: string | Uint8Array): void {
    this.lineCount += 1
    if (typeof line === 'string') {
      this.length += this.buffer.write(line, this.length)
    } else {
      this.buffer.set(line, this.length)
      this.length += line.length
    }
  }
}
