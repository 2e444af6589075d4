/** From the wish to materialize assets to the launch: what must be asked before. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Asset, AssetDetails } from '../model/asset';
import { needsConfig } from '../model/launch';
import { runTitle } from '../model/words';
import { type IContext, tellFault } from './context';
import { type ILaunch, launch } from './launch';
import { askOptions } from './options';

/**
 * Materialize assets; partitions and configuration are asked for where they are needed, or `options` is set.
 *
 * Answers whether all of it succeeded; also false where the user has thought better of it.
 */
export async function materialize(context: IContext, wanted: readonly Asset[], options: boolean): Promise<boolean> {
  const assets = wanted.filter(asset => asset.materializable);
  if (assets.length === 0 || (assets.length > context.confirmAbove() && !(await confirm(context, assets)))) {
    return false;
  }
  let what: ILaunch | null = { assets, partitions: [], runConfig: null };
  const details = await detailsFor(context, assets);
  if (details === undefined) {
    return false;
  }
  if (details && (options || details.partitions || needsConfig(details.config_schema))) {
    what = await askOptions(context, assets, details);
  }
  return what !== null && launch(context, what);
}

/**
 * Materialize these partitions of an asset; a configuration is asked for where it is needed.
 *
 * Answers as `materialize` does. `onLaunch` is told when all questions are answered.
 */
export async function materializePartitions(
  context: IContext,
  asset: Asset,
  details: AssetDetails,
  partitions: readonly string[],
  onLaunch: () => void
): Promise<boolean> {
  const { trans } = context;
  let what: ILaunch | null = { assets: [asset], partitions, runConfig: null };
  if (needsConfig(details.config_schema)) {
    what = await askOptions(context, [asset], details, partitions);
  } else if (partitions.length > context.confirmAbove()) {
    const count = trans._n('%1 partition', '%1 partitions', partitions.length);
    what = (await confirmed(context, trans.__('Materialize %1 of %2', count, asset.key), trans.__('A backfill makes them.')))
      ? what
      : null;
  }
  if (what === null) {
    return false;
  }
  onLaunch();
  return launch(context, what);
}

/**
 * Of the one asset that decides what must be asked: a partitioned one, else a single one with configuration.
 *
 * null: nothing needs to be asked; undefined: Dagster does not tell, which the user was told.
 */
async function detailsFor(context: IContext, assets: readonly Asset[]): Promise<AssetDetails | null | undefined> {
  const [only] = assets;
  const asked = assets.find(asset => asset.partitioned) ?? (assets.length === 1 && only?.has_config ? only : null);
  if (!asked) {
    return null;
  }
  try {
    return await context.api.get('/assets/{key}', { path: { key: asked.key } });
  } catch (error) {
    tellFault(context.trans, context.trans.__('%1 was not materialized.', asked.key), error);
    return undefined;
  }
}

function confirm(context: IContext, assets: readonly Asset[]): Promise<boolean> {
  const { trans } = context;
  const label = trans.__('Materialize %1', runTitle(assets.map(asset => asset.key), trans));
  return confirmed(context, label, trans.__('One run makes all of them.'));
}

async function confirmed({ trans }: IContext, label: string, text: string): Promise<boolean> {
  const { button } = await showDialog({
    title: `${label}?`,
    body: `${text} ${trans.__('This may take long, and cost accordingly.')}`,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label })
    ]
  });
  return button.accept;
}
