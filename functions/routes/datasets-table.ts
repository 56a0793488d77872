import { deleteDataset, getDataset, listDatasets, putDataset } from './datasets.ts';
import { inferDataset } from './infer-dataset.ts';
import { rollbackDataset } from './rollback.ts';
import type { Route } from './route.ts';

/** Routes about the configuration of datasets. Their function alone may write it, and reads files to infer it. */
export const datasetRoutes: readonly Route[] = [
  listDatasets, //  GET    /v1/datasets
  getDataset, //    GET    /v1/datasets/{dataset}
  putDataset, //    PUT    /v1/datasets/{dataset}
  deleteDataset, // DELETE /v1/datasets/{dataset}
  rollbackDataset, // POST  /v1/datasets/{dataset}/rollback
  inferDataset, //  POST   /v1/datasets/{dataset}/inference
];
