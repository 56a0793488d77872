/**
 * Whether a column goes by a name that pandas gives the index of its rows where that has none: nothing in CSV (called
 * `c1` here), `Unnamed: 0` once such a file was read and written again, `__index_level_0__` in Parquet and Feather.
 */
export const isIndexName = (name: string): boolean => /^(c\d+|Unnamed: \d+|__index_level_\d+__)$/.test(name);
