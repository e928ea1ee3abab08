/** Single charts and components of ECharts. Importing one makes it known to `echarts/core`; none exports anything. */
declare module 'echarts/lib/*';
