/** Where the nodes and edges of a lineage are drawn. */

import type { ILineage } from './lineage';

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 46;

export interface ILayout {
  readonly width: number;
  readonly height: number;
  /** The left upper corner of each node. */
  readonly nodes: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  /** SVG paths. */
  readonly edges: readonly { readonly id: string; readonly path: string }[];
}

/** Lay out from left to right; the library is loaded when it is first needed. */
export async function layout({ nodes, edges }: Pick<ILineage, 'nodes' | 'edges'>): Promise<ILayout> {
  const { default: dagre } = await import('@dagrejs/dagre');
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 48, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  // Numbers as names: the library keeps them in plain objects, which no key must get into.
  const names = new Map(nodes.map(({ key }, at) => [key, String(at)]));
  names.forEach(name => graph.setNode(name, { width: NODE_WIDTH, height: NODE_HEIGHT }));
  const drawn = edges.map(([from, to]) => ({ v: names.get(from) ?? '', w: names.get(to) ?? '' }));
  // The last one first: thus siblings stay in the order of their keys, from above.
  [...drawn].reverse().forEach(edge => graph.setEdge(edge));
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const placed = [...names].map(([key, name]) => {
    const { x, y } = graph.node(name);
    return [key, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }] as const;
  });
  return {
    ...{ width, height, nodes: new Map(placed) },
    edges: drawn.map(edge => {
      const [from, to] = [graph.node(edge.v), graph.node(edge.w)];
      const through = graph.edge(edge).points.slice(1, -1);
      const between = through.length > 1 ? through : []; // to the next level nothing is in the way
      const start = { x: from.x + NODE_WIDTH / 2, y: from.y };
      const end = { x: to.x - NODE_WIDTH / 2, y: to.y };
      return { id: `${edge.v}-${edge.w}`, path: smooth([start, ...between, end]) };
    })
  };
}

interface IPoint {
  readonly x: number;
  readonly y: number;
}

/** A path through points, which leaves and arrives horizontally. */
function smooth(points: readonly IPoint[]): string {
  return points
    .map((point, at) => {
      const before = points[at - 1];
      if (!before) {
        return `M${point.x},${point.y}`;
      }
      const middle = (before.x + point.x) / 2;
      return `C${middle},${before.y} ${middle},${point.y} ${point.x},${point.y}`;
    })
    .join('');
}
