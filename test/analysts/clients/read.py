"""Reads a view with clickhouse-connect and pandas, as an analyst does. Called with: host, port, user, password, database."""

import json
import sys

import clickhouse_connect

host, port, user, password, database = sys.argv[1:]
# Without tz_mode times of UTC come without a zone, and pandas takes them for any.
client = clickhouse_connect.get_client(
    host=host, port=int(port), username=user, password=password, database=database, tz_mode="aware"
)

row = client.query("SELECT name, revenue_net, first_seen, last_order FROM clients ORDER BY name").result_rows
frame = client.query_df("SELECT name, revenue_net, last_order FROM clients ORDER BY name")
limited = client.query("SELECT getSetting('max_execution_time')", settings={"max_execution_time": 10}).result_rows

print(
    json.dumps(
        {
            "names": [name for name, *_ in row],
            "decimal": [type(value).__name__ + " " + str(value.normalize()) for _, value, *_ in row],
            "time": [first.isoformat() for *_, first, _ in row],
            "null": [last is None for *_, last in row],
            "frame": {
                "types": [str(kind) for kind in frame.dtypes],
                "sum": str(sum(frame["revenue_net"]).normalize()),
                "missing": int(frame["last_order"].isna().sum()),
            },
            "limit": int(limited[0][0]),
        }
    )
)
