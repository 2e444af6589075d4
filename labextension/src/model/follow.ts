/** Following something that goes on to its end. */

export interface IFollowOptions<T extends { readonly final: boolean }> {
  /** Asks for its state. */
  readonly ask: () => Promise<T>;
  /** Told of each answer. */
  readonly onState: (state: T) => void;
  /** Resolves when it is time to ask again. */
  readonly pause: () => Promise<unknown>;
  /** So many failed questions in a row are borne before the last error is thrown. */
  readonly patience: number;
}

/** Ask until it has ended, and answer its final state. A lost answer now and then does no harm. */
export async function follow<T extends { readonly final: boolean }>(options: IFollowOptions<T>): Promise<T> {
  let failures = 0;
  for (;;) {
    // News that come while the question is open are not missed.
    const pause = options.pause();
    try {
      const state = await options.ask();
      failures = 0;
      options.onState(state);
      if (state.final) {
        return state;
      }
    } catch (error) {
      failures += 1;
      if (failures > options.patience) {
        throw error;
      }
    }
    await pause;
  }
}
