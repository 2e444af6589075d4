/** The ids of daglab's commands. */

export namespace CommandIDs {
  export const materialize = 'daglab:materialize-asset';
  export const openInMarimo = 'daglab:open-in-marimo';
  export const refresh = 'daglab:refresh';
}
