/** Work that many ask for, done once for all of them. */

/** Does `work` again when asked, never twice at a time, and begins at most once in `gap` milliseconds. */
export class Coalesced {
  constructor(
    private readonly work: () => Promise<void>,
    private readonly gap: number
  ) {}

  /** Whether it is being done, or is about to. */
  get busy(): boolean {
    return this.doing > 0;
  }

  /** Resolves when work is done that was begun after this call; rejects as the work does. */
  ask(): Promise<void> {
    this.next ??= this.begin();
    return this.next;
  }

  private async begin(): Promise<void> {
    this.doing += 1;
    await this.current.catch(() => undefined);
    const early = this.beganAt + this.gap - Date.now();
    if (early > 0) {
      await new Promise(resolve => setTimeout(resolve, early));
    }
    this.beganAt = Date.now();
    this.next = null;
    this.current = this.work();
    await this.current.finally(() => {
      this.doing -= 1;
    });
  }

  private current: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;
  private doing = 0;
  private beganAt = -Infinity;
}
