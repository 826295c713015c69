/** A ratio whose range over the rounds is wider than this share of its median is no result. */
export const ratioRangeMax = 0.1
