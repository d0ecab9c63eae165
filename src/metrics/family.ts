/**
 * The members of a metric, one per combination of label values; each is made when first asked for.
 */
export class Family<Member> {
  readonly labelNames: readonly string[]
  private readonly make: () => Member
  private readonly members = new Map<string, { labels: readonly string[]; member: Member }>()

  constructor(labelNames: readonly string[], make: () => Member) {
    this.labelNames = labelNames
    this.make = make
  }

  /** The member with these label values, in the order of the names. */
  with(...labels: readonly string[]): Member {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join('\n')
    let entry = this.members.get(key)
    if (entry === undefined) {
      entry = { labels, member: this.make() }
      this.members.set(key, entry)
    }
    return entry.member
  }

  *entries(): Generator<{ labels: Readonly<Record<string, string>>; member: Member }> {
    for (const { labels, member } of this.members.values()) {
      yield {
        labels: Object.fromEntries(this.labelNames.map((name, i) => [name, labels[i] as string])),
        member,
      }
    }
  }
}
