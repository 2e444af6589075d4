/** The time, for ages that stay true. */

import * as React from 'react';

/** Seconds since the epoch, anew after each of so many seconds: ages stay true with the default. */
export function useNow(every = 30): number {
  const [now, setNow] = React.useState(() => Date.now() / 1000);
  React.useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), every * 1000);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
