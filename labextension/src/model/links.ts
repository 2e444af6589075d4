/** Pages of Dagster's own user interface. */

/** The page of an asset; null where Dagster's address isn't known. */
export function dagsterPage(address: string | null | undefined, key: string): string | null {
  return address ? `${address.replace(/\/+$/, '')}/assets/${key.split('/').map(encodeURIComponent).join('/')}` : null;
}

/** Open a page of another server in a browser tab of its own. */
export function openPage(url: string | null | undefined): void {
  if (url && /^https?:\/\//.test(url)) {
    window.open(url, '_blank', 'noopener');
  }
}
