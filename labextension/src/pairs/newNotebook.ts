/** A new notebook from the launcher: a pair of an empty marimo notebook and its Jupyter half. */

import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import { type IContext, tellFault } from '../actions/context';
import { CommandIDs } from '../commands';
import { ApiError, faultOf } from '../data/api';
import { marimoIcon } from '../icons';
import type { IPlaces } from './index';
import { servedPath } from './served';

const MOST_TRIES = 5;
/** Cards of notebooks have a picture, to which no theme applies: a colour that is seen on light and on dark. */
const ICON_URL = `data:image/svg+xml,${encodeURIComponent(marimoIcon.svgstr.replace('#616161', '#2f9e7f'))}`;

export function addNewNotebook(context: IContext, contents: Contents.IManager, { launcher, files }: IPlaces): void {
  const { commands, store, trans, translator: language } = context;
  commands.addCommand(CommandIDs.newNotebook, {
    label: args => (args['isLauncher'] ? trans.__('marimo notebook') : trans.__('New marimo notebook')),
    caption: trans.__('Create a pair of a marimo and a Jupyter notebook, and open it in marimo'),
    icon: marimoIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: { cwd: { type: 'string', description: trans.__('The folder; default: that of the file browser') } }
      }
    },
    isEnabled: () => !store.state.status?.read_only,
    execute: args => {
      const here = files?.tracker.currentWidget?.model.path ?? '';
      return create(context, contents, typeof args['cwd'] === 'string' ? args['cwd'] : here);
    }
  });
  launcher?.add({
    ...{ command: CommandIDs.newNotebook, args: { isLauncher: true }, rank: 1 },
    ...{ category: language.load('jupyterlab').__('Notebook'), kernelIconUrl: ICON_URL }
  });
}

async function create({ api, commands, trans }: IContext, contents: Contents.IManager, cwd: string): Promise<void> {
  try {
    const folder = servedPath(contents, cwd);
    if (folder === null) {
      const message = trans.__('The folder is not on this Jupyter server.');
      throw new ApiError({ code: 'drive', message, remedy: trans.__('choose a folder of the server') });
    }
    const { content } = await contents.get(cwd, { content: true });
    const names = new Set((content as readonly Contents.IModel[]).map(item => item.name));
    for (let number = 0, tries = 1; ; number++) {
      const stem = `untitled${number || ''}`;
      if (names.has(`${stem}.py`) || names.has(`${stem}.ipynb`)) {
        continue;
      }
      try {
        const body = { path: PathExt.join(folder, `${stem}.py`), template: 'blank' as const };
        const { py } = await api.post('/pairs', { body });
        await commands.execute(CommandIDs.openInMarimo, { path: py });
        return;
      } catch (error) {
        // Somebody else was quicker, or it is hidden.
        if (faultOf(error).code !== 'file-exists' || tries++ >= MOST_TRIES) {
          throw error;
        }
      }
    }
  } catch (error) {
    tellFault(trans, trans.__('The notebook was not made.'), error);
  }
}
