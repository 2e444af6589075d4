/** Paths of JupyterLab's drives as the server knows them. */

import type { Contents } from '@jupyterlab/services';

/** The server's own files, and the same ones through jupyter-collaboration. */
const DRIVES = ['', 'RTC'];

/** The path relative to the server's root; null on a drive that isn't the server's own. */
export function servedPath(contents: Contents.IManager, path: string): string | null {
  return DRIVES.includes(contents.driveName(path)) ? contents.localPath(path) : null;
}
