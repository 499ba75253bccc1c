-- Name of each client: what counts of the client itself, else the newest name of a person of it
-- client_id: Client
-- name: Name
SELECT client_id, name FROM client_said WHERE name != ''
