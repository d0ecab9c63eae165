/** How wide everything is that people read in a terminal. */
export const COLUMNS = 100

/** `text` behind `title`, on as many lines as it takes, which begin below one another. */
export function wrapped(title: string, text: string): string[] {
  const indent = ' '.repeat(title.length)
  const lines: string[] = []
  let current = title
  for (const word of text.split(' ')) {
    const blank = current === title || current === indent
    if (!blank && current.length + 1 + word.length > COLUMNS) {
      lines.push(current)
      current = indent + word
    } else current += blank ? word : ` ${word}`
  }
  return [...lines, current]
}
