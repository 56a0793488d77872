export { madd_f32, nmadd_f32 } from './simd';
