/** The ids of daglab's commands. */

export namespace CommandIDs {
  export const collapseAll = 'daglab:collapse-all';
  export const comparePair = 'daglab:compare-pair';
  export const copyKey = 'daglab:copy-key';
  export const createPair = 'daglab:create-pair';
  export const expandAll = 'daglab:expand-all';
  export const keepJupyterHalf = 'daglab:keep-jupyter-half';
  export const keepMarimoHalf = 'daglab:keep-marimo-half';
  export const materialize = 'daglab:materialize-asset';
  export const materializeWithOptions = 'daglab:materialize-with-options';
  export const openAsset = 'daglab:open-asset';
  export const openExecuted = 'daglab:open-executed-notebook';
  export const newNotebook = 'daglab:new-notebook';
  export const openFileInMarimo = 'daglab:open-file-in-marimo';
  export const openInDagster = 'daglab:open-in-dagster';
  export const openInJupyter = 'daglab:open-in-jupyter';
  export const openInMarimo = 'daglab:open-in-marimo';
  export const openRun = 'daglab:open-run';
  export const openRunInDagster = 'daglab:open-run-in-dagster';
  export const openRuns = 'daglab:open-runs';
  export const reexecuteRun = 'daglab:reexecute-run';
  export const pairFile = 'daglab:pair-file';
  export const refresh = 'daglab:refresh';
  export const reloadLocation = 'daglab:reload-location';
  export const searchAssets = 'daglab:search-assets';
  export const showDownstream = 'daglab:show-downstream';
  export const showUpstream = 'daglab:show-upstream';
  export const startDagster = 'daglab:start-dagster';
  export const syncFile = 'daglab:sync-file';
  export const syncPair = 'daglab:sync-pair';
  export const terminateRun = 'daglab:terminate-run';
}
