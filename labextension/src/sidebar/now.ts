/** The time, for ages that stay true. */

import * as React from 'react';

/** Seconds since the epoch, anew every half minute, so that ages stay true. */
export function useNow(): number {
  const [now, setNow] = React.useState(() => Date.now() / 1000);
  React.useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
