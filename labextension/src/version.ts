/** The version of daglab that this front end belongs to; a test compares it with package.json. */
export const VERSION = '0.1.0';
