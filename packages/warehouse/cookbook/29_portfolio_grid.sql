-- How is the portfolio made up: large or small, steady or irregular, up to today?
-- Asked by: head of key accounts, board
-- abc: A, B or C by net revenue of the last 12 months, today included
-- xyz: X, Y or Z by how much it varies from month to month
-- clients: Clients
-- revenue: Their net revenue
SELECT abc, xyz, clients, toFloat64(revenue) AS revenue
FROM portfolio_grid
ORDER BY abc, xyz
