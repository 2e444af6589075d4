/** Following a run to its end. */

import type { Run } from './asset';

export interface IFollowOptions {
  /** Asks for the run's state. */
  readonly ask: () => Promise<Run>;
  /** Told of each answer. */
  readonly onState: (run: Run) => void;
  readonly pauseMilliseconds: number;
  /** So many failed questions in a row are borne before the last error is thrown. */
  readonly patience: number;
}

/** Ask until the run has ended, and answer its final state. A lost answer now and then does no harm. */
export async function followRun(options: IFollowOptions): Promise<Run> {
  let failures = 0;
  for (;;) {
    try {
      const run = await options.ask();
      failures = 0;
      options.onState(run);
      if (run.final) {
        return run;
      }
    } catch (error) {
      failures += 1;
      if (failures > options.patience) {
        throw error;
      }
    }
    await new Promise(resolve => setTimeout(resolve, options.pauseMilliseconds));
  }
}
