const MAX_BYTES = 4 * 1024 * 1024
const MAX_COUNT = 16_384

/**
 * The newest committed records, by position, bounded by bytes. Live subscribers read here; who falls behind reads
 * storage. Positions are dense, so the place of a record follows from its position.
 */
export class RecentRecords {
  private records: (Buffer | undefined)[] = []
  private start = 0
  private first = 1
  private bytes = 0

  push(position: number, record: Buffer): void {
    if (this.records.length === this.start) this.first = position
    this.records.push(record)
    this.bytes += record.length
    while (this.bytes > MAX_BYTES || this.records.length - this.start > MAX_COUNT) this.dropFirst()
  }

  get(position: number): Buffer | undefined {
    return position < this.first ? undefined : this.records[this.start + position - this.first]
  }

  /** Takes out a record that was removed from the log. */
  forget(position: number): void {
    const index = this.start + position - this.first
    const record = index < this.start ? undefined : this.records[index]
    if (!record) return
    this.bytes -= record.length
    this.records[index] = undefined
  }

  private dropFirst(): void {
    this.bytes -= this.records[this.start]?.length ?? 0
    // Its place is taken away later, many at once, but what it held must not wait for that.
    this.records[this.start] = undefined
    this.start++
    this.first++
    if (this.start < 1_024 || this.start * 2 < this.records.length) return
    this.records = this.records.slice(this.start)
    this.start = 0
  }
}
