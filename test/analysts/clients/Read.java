import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** Reads a view over JDBC, as DBeaver and Metabase do. Called with: JDBC address, user, password. */
public class Read {
    public static void main(String[] arguments) throws Exception {
        List<String> names = new ArrayList<>();
        List<String> decimals = new ArrayList<>();
        List<String> times = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<String> tables = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
            connection.setReadOnly(true);
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(20);
                statement.setMaxRows(100);
                ResultSet rows = statement.executeQuery("SELECT name, revenue_net, first_seen, last_order FROM clients ORDER BY name");
                while (rows.next()) {
                    names.add('"' + rows.getString(1) + '"');
                    decimals.add('"' + rows.getBigDecimal(2).stripTrailingZeros().toPlainString() + '"');
                    times.add('"' + rows.getObject(3, OffsetDateTime.class).toInstant().toString() + '"');
                    rows.getTimestamp(4);
                    missing.add(String.valueOf(rows.wasNull()));
                }
            }
            try (ResultSet found = connection.getMetaData().getTables(null, "keypulse", "clients", null)) {
                while (found.next()) tables.add('"' + found.getString("TABLE_NAME") + '"');
            }
        }
        System.out.println("{\"names\":" + names + ",\"decimal\":" + decimals + ",\"time\":" + times + ",\"null\":" + missing + ",\"tables\":" + tables + "}");
    }
}
