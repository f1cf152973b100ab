run ->(_environment) { [200, { "content-type" => "text/plain" }, ["ruby, as user #{Process.uid}\n"]] }
