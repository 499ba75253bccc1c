-- ABC-XYZ: the nine fields of the grid, of those that have clients
-- abc: A, B or C: how large
-- xyz: X, Y or Z: how steady
-- clients: Clients
-- revenue: Their net revenue
-- share: Sum of their shares
SELECT p.abc AS abc, p.xyz AS xyz, count() AS clients, sum(p.revenue) AS revenue, sum(p.share) AS share
FROM portfolio_at(as_of = {as_of:Date}) AS p
GROUP BY abc, xyz
