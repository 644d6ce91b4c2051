// Makes the next view out of the one before. Counterpart of `signaling/changes.py`; both are tested with the cases of
// `changes.cases.json`.

/** The value at a path of keys and places (from 0) is replaced; the empty path is the whole. */
export type Change = readonly [path: ReadonlyArray<string | number>, value: unknown];

type Container = Record<string | number, unknown>;

/**
 * The view after `changes`. What they do not touch is shared with `view`, which stays as it is, so that a screen finds by
 * identity what it need not draw again. Throws for a path that the view does not have.
 */
export function applyChanges<View>(view: View, changes: readonly Change[]): View {
  return changes.reduce<unknown>((whole, [path, value]) => replaced(whole, path, 0, value), view) as View;
}

function replaced(container: unknown, path: ReadonlyArray<string | number>, depth: number, value: unknown): unknown {
  const key = path[depth];
  if (key === undefined) return value;
  if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) {
    throw new TypeError(`the view has no ${path.join(".")}`);
  }
  const copy = (Array.isArray(container) ? [...container] : { ...container }) as Container;
  copy[key] = replaced(copy[key], path, depth + 1, value);
  return copy;
}
