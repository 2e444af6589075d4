/** A dialog with a long text. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

/** Show a long text, as an error of code is. */
export async function showText(title: string, text: string, close: string): Promise<void> {
  const body = document.createElement('pre');
  body.className = 'jp-Daglab-errorText';
  body.textContent = text;
  body.tabIndex = 0; // it scrolls
  await showDialog({ title, body: new Widget({ node: body }), buttons: [Dialog.okButton({ label: close })] });
}
