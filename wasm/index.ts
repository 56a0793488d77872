export { csv_stops } from './csv-stops';
export { csv_numbers_f64 } from './csv-numbers';
export { madd_f32, nmadd_f32 } from './simd';
export { column_ranges_f32 } from './moments';
export { pack_blocks_f32, place_rows_f32, take_rows_f32 } from './rows';
export { part_rows_f32, row_squares_f32, side_labels_i32, side_squares_f64 } from './bisect-rows';
export { bisect_first_f32, bisect_pass_f32, bisect_scan_f32 } from './bisect';
export { kmeans_clusters_u16, kmeans_flush_f32, kmeans_reassign_f32, kmeans_stale_f32, rank_labels_i32 } from './kmeans';
export { kmeans_assign_f32, kmeans_dense_f32 } from './kmeans-dense';
export { kmeans_fixed_i16 } from './kmeans-fixed';
export { kmeans_fixed_centers_i16, kmeans_fixed_step_f64 } from './kmeans-fixed-place';
export { center_distances_f64, kmeans_means_f64, kmeans_place_centers_f32 } from './kmeans-centers';
export { kmeans_advance_f64 } from './kmeans-movement';
export { kmeans_count_runs_f32, kmeans_reassign_sorted_f32, kmeans_sort_f32 } from './kmeans-sort';
export { kmeans_order_f32 } from './kmeans-order';
export { kmeans_improve_f32 } from './kmeans-improve';
export { kmeans_plus_plus_trials_f32, kmeans_plus_plus_update_f32 } from './kmeans-plus-plus';
export { nearest_center_f32 } from './nearest-center';
export { silhouette_column_f32, silhouette_rows_f32 } from './silhouette';
export { cluster_spread_f32, cluster_sums_f32 } from './davies-bouldin';
export { neighbor_tree_bytes, neighbor_tree_init, neighbor_tree_split } from './neighbors-build';
export {
  neighbor_tree_count_leaves,
  neighbor_tree_count_nodes,
  neighbor_tree_fill,
  neighbor_tree_pack,
  neighbor_tree_layout,
} from './neighbors-blocks';
export { neighbor_tree_kth_squared } from './neighbors-search';
export { dbscan_bytes, dbscan_distances, dbscan_init } from './dbscan';
export { dbscan_core } from './dbscan-core';
export { dbscan_refresh_nodes, dbscan_unite, dbscan_unite_leaves } from './dbscan-unite';
export { dbscan_label_borders, dbscan_labels, dbscan_noise_distances, dbscan_number } from './dbscan-label';
export {
  ward_active,
  ward_bytes,
  ward_distances,
  ward_groups,
  ward_init,
  ward_merges,
  ward_ties,
} from './linkage-ward';
export { ward_gather, ward_pack, ward_rotate } from './linkage-ward-place';
export { ward_box } from './linkage-ward-boxes';
export { ward_merge } from './linkage-ward-merge';
export {
  matrix_linkage_bytes,
  matrix_linkage_distances,
  matrix_linkage_init,
  matrix_linkage_merge,
} from './linkage-matrix';
export { spanning_tree_grow } from './linkage-single';
