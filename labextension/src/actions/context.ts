/** What the commands work with. */

import { Notification } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { type Api, faultOf } from '../data/api';
import type { WorkspaceStore } from '../data/store';
import type { Asset } from '../model/asset';
import { sentence } from '../model/words';
import type { OpenDocuments } from '../pairs/documents';
import type { SidebarModel } from '../sidebar/model';
import { showText } from './showText';

/** JupyterLab leaves out what a notification says beyond. */
const LONGEST_NOTIFICATION = 140;

export interface IContext {
  readonly api: Api;
  readonly commands: CommandRegistry;
  readonly store: WorkspaceStore;
  readonly sidebar: SidebarModel;
  readonly documents: OpenDocuments;
  readonly translator: ITranslator;
  readonly trans: IRenderMime.TranslationBundle;
  /** More assets than this are materialized only when asked once more. */
  readonly confirmAbove: () => number;
}

/** The arguments of commands about assets, for `describedBy`. */
export function assetArguments(trans: IRenderMime.TranslationBundle): ReadonlyJSONObject {
  return {
    type: 'object',
    properties: {
      key: { type: 'string', description: trans.__('The asset’s key; default: the selected assets') },
      keys: { type: 'array', items: { type: 'string' }, description: trans.__('Keys of several assets') }
    }
  };
}

/** The assets that a command is about: those of its arguments, else the selected ones. */
export function targets(context: IContext, args: ReadonlyPartialJSONObject): readonly Asset[] {
  const given = typeof args['key'] === 'string' ? [args['key']] : args['keys'];
  if (!Array.isArray(given)) {
    return context.sidebar.selected;
  }
  return given.flatMap(key => context.store.asset(String(key)) ?? []);
}

/** Tell what went wrong, and what to do. */
export function tellFault(trans: IRenderMime.TranslationBundle, title: string, error: unknown): void {
  const { message, remedy } = faultOf(error);
  const parts = [title, message, remedy && sentence(remedy)].filter(Boolean);
  const text = parts.join(' ');
  const whole = {
    label: trans.__('Show error'),
    callback: () => void showText(title, parts.slice(1).join('\n\n'), trans.__('Close'))
  };
  Notification.error(text, { autoClose: false, actions: text.length > LONGEST_NOTIFICATION ? [whole] : [] });
}
