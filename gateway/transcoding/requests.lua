-- Whether a call in JSON is one that its method takes: looked at before Envoy's transcoder makes gRPC of it, which passes
-- over fields that it does not know and says what it was given where it can't read it. So whatever is wrong is said here,
-- with where it stands and never with a word of what was sent.
--
-- SHAPES (gateway/transcoding/shapes.py) has the fields of each request. Which request it is stands in the metadata of
-- its route, with the fields that its path has. How much a field may hold, and what it means, is the service's to check.

local find, sub, byte, match = string.find, string.sub, string.byte, string.match
local GREATEST = { int32 = "2147483647", int64 = "9223372036854775807" }
local TYPE = '{"@type":"type.googleapis.com/google.rpc.'
local INFO = TYPE .. 'ErrorInfo","reason":"INVALID_INPUT","domain":"paas","metadata":{}}'
local FIELDS = "," .. TYPE .. 'BadRequest","field_violations":'
local EXPECTED = {
  text = "has to be a text",
  bool = "has to be true or false",
  int32 = "has to be a whole number of 32 bits",
  int64 = "has to be a whole number of 64 bits, as a number or as a text",
  duration = 'has to be a text of seconds, such as "90s"',
  time = 'has to be a text of a time, such as "2030-01-31T12:00:00Z"',
}

-- The names of the fields that are not in `without`; `in_query`: of those that can stand in a query.
local function names_of(shape, without, in_query)
  local names = {}
  for name, field in pairs(shape) do
    if not without[name] and not (in_query and field.kind == "object") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or "none"
end

-- End with what is wrong, and where: a path of field names, or empty for the request as a whole.
local function refuse(where, problem)
  error({ where = where, problem = problem }, 0)
end

local function no_json(at)
  refuse("", "is no JSON (RFC 8259), at byte " .. at)
end

local function below(where, name)
  return where == "" and name or where .. "." .. name
end

local function is_utf8(text)
  local at = find(text, "[\128-\255]")
  while at do
    local a, b, c, d = byte(text, at, at + 3)
    local b_ok, c_ok, d_ok = b and b >= 0x80 and b <= 0xBF, c and c >= 0x80 and c <= 0xBF, d and d >= 0x80 and d <= 0xBF
    if a >= 0xC2 and a <= 0xDF and b_ok then
      at = at + 2
    elseif a >= 0xE0 and a <= 0xEF and b_ok and c_ok and not (a == 0xE0 and b < 0xA0) and not (a == 0xED and b > 0x9F) then
      at = at + 3
    elseif
      a >= 0xF0 and a <= 0xF4 and b_ok and c_ok and d_ok and not (a == 0xF0 and b < 0x90) and not (a == 0xF4 and b > 0x8F)
    then
      at = at + 4
    else
      return false
    end
    at = find(text, "[\128-\255]", at)
  end
  return true
end

local function is_whole(digits, kind)
  if not match(digits, "^%-?%d+$") or match(digits, "^%-?0%d") then
    return false
  end
  local most, size = GREATEST[kind], match(digits, "%d+")
  if sub(digits, 1, 1) == "-" then
    most = sub(most, 1, -2) .. "8"
  end
  return #size < #most or (#size == #most and size <= most)
end

-- Whether a text stands for a value of a kind that is a text in JSON, or is written as one in a query.
local function stands_for(text, field)
  local kind = field.kind
  if kind == "text" then
    return true
  elseif kind == "bool" then
    return text == "true" or text == "false"
  elseif kind == "enum" then
    return field.of[text] == true
  elseif kind == "duration" then
    local seconds, rest = match(text, "^%-?(%d+)(.*)s$")
    return seconds ~= nil and #seconds <= 12 and (rest == "" or (#rest <= 10 and match(rest, "^%.%d+$") ~= nil))
  elseif kind == "time" then
    local rest = match(text, "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d(.*)$")
    local zone = rest and match(rest, "^%.?%d*(.*)$")
    return zone == "Z" or (zone ~= nil and match(zone, "^[+-]%d%d:%d%d$") ~= nil)
  end
  return is_whole(text, kind)
end

local function expected(field)
  return EXPECTED[field.kind] or "has to be one of: " .. field.names
end

-- The reader of a body. Each function is given where something begins, and returns what comes after it.
local function read(text, request, bound)
  local read_value

  local function next_at(at)
    return find(text, "[^ \t\r\n]", at) or #text + 1
  end

  -- The text between two quotes as it is written, and what comes after it.
  local function read_text(at)
    local begins = at + 1
    at = find(text, '["\\%c]', begins)
    while at do
      local found = byte(text, at)
      if found == 0x22 then
        return sub(text, begins, at - 1), at + 1
      elseif found == 0x5C then
        local escaped = sub(text, at + 1, at + 1)
        if escaped == "u" then
          local unit = match(text, "^%x%x%x%x", at + 2)
          local high = unit and tonumber(unit, 16) or 0xDC00
          local low = match(text, "^\\u(%x%x%x%x)", at + 6)
          if high >= 0xD800 and high <= 0xDBFF and low and match(low, "^[dD][c-fC-F]") then
            at = at + 12
          elseif high >= 0xD800 and high <= 0xDFFF then
            no_json(at)
          else
            at = at + 6
          end
        elseif escaped ~= "" and find('"\\/bfnrt', escaped, 1, true) then
          at = at + 2
        else
          no_json(at)
        end
      elseif found == 0x7F then
        at = at + 1
      else
        no_json(at)
      end
      at = find(text, '["\\%c]', at)
    end
    no_json(#text + 1)
  end

  -- The items between two brackets; `item` reads one.
  local function read_items(at, closing, item)
    at = next_at(at + 1)
    if sub(text, at, at) == closing then
      return at + 1
    end
    local index = 0
    while true do
      at = next_at(item(at, index))
      local after = sub(text, at, at)
      if after == closing then
        return at + 1
      elseif after ~= "," then
        no_json(at)
      end
      at, index = next_at(at + 1), index + 1
    end
  end

  local function read_object(at, shape, where, without)
    if sub(text, at, at) ~= "{" then
      refuse(where, "has to be a JSON object")
    end
    local seen = {}
    return read_items(at, "}", function(begins)
      if sub(text, begins, begins) ~= '"' then
        no_json(begins)
      end
      local name, after = read_text(begins)
      local field = shape[name]
      if not field then
        refuse(where, "has a field that it can't have; there are " .. names_of(shape, without))
      elseif without[name] then
        refuse(below(where, name), "stands in the path and can't be in the body as well")
      elseif seen[name] then
        refuse(below(where, name), "is there twice")
      elseif field.oneof and seen[field.oneof] then
        refuse(below(where, name), "can't be there together with " .. seen[field.oneof])
      end
      seen[name] = true
      if field.oneof then
        seen[field.oneof] = name
      end
      after = next_at(after)
      if sub(text, after, after) ~= ":" then
        no_json(after)
      end
      after = next_at(after + 1)
      if not field.most then
        return read_value(after, field, below(where, name))
      elseif sub(text, after, after) ~= "[" then
        refuse(below(where, name), "has to be a JSON array")
      end
      return read_items(after, "]", function(item, index)
        if index >= field.most then
          refuse(below(where, name), "has more than " .. field.most .. " items")
        end
        return read_value(item, field, below(where, name) .. "[" .. index .. "]")
      end)
    end)
  end

  function read_value(at, field, where)
    local kind, first = field.kind, sub(text, at, at)
    if kind == "object" then
      return read_object(at, SHAPES[field.of], where, {})
    elseif first == '"' and kind ~= "bool" and kind ~= "int32" then
      local written, after = read_text(at)
      if stands_for(written, field) then
        return after
      end
    elseif first ~= '"' and (kind == "bool" or GREATEST[kind]) then
      local written = match(text, "^[%w.+-]+", at) or ""
      if stands_for(written, field) then
        return at + #written
      end
    end
    refuse(where, expected(field))
  end

  if not is_utf8(text) then
    refuse("", "is no UTF-8")
  end
  local after = next_at(read_object(next_at(1), SHAPES[request], "", bound))
  if after <= #text then
    no_json(after)
  end
end

-- What is written with %XX in a part of a path or query; nil where that is no text.
local function unescaped(part)
  local rest = part:gsub("%%%x%x", "")
  if find(rest, "%", 1, true) then
    return nil
  end
  local text = part:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  return is_utf8(text) and text or nil
end

-- Look at the path and the query of a call. `has_body`: its fields are there, and none is in a query.
local function read_target(path, request, bound, has_body)
  local target, query = match(path, "^([^?]*)%??(.*)$")
  if not unescaped(target) then
    refuse("", "has a path that is no UTF-8")
  end
  local shape, seen = SHAPES[request], {}
  for part in query:gmatch("[^&]+") do
    local name, value = match(part, "^([%w_]+)=?(.*)$")
    local field = name and shape[name]
    if not field or has_body or bound[name] or field.kind == "object" then
      local there = has_body and "none" or names_of(shape, bound, true)
      refuse("", "has a query parameter that it can't have; there are " .. there)
    elseif seen[name] and not field.most then
      refuse(name, "is there twice")
    end
    seen[name] = true
    local text = unescaped((value:gsub("+", " ")))
    if not text or not stands_for(text, field) then
      refuse(name, expected(field))
    end
  end
end

local function check(handle)
  local told = handle:metadata()
  local request, has_body, bound = told:get("request"), told:get("has_body"), {}
  for _, name in ipairs(told:get("bound")) do
    bound[name] = true
  end
  read_target(handle:headers():get(":path"), request, bound, has_body)
  local body = handle:body()
  local text = body and body:length() > 0 and body:getBytes(0, body:length()) or ""
  if has_body then
    read(text, request, bound)
  elseif text ~= "" then
    refuse("", "takes no body")
  end
end

function envoy_on_request(handle)
  local is_fine, wrong = pcall(check, handle)
  if is_fine then
    return
  end
  if type(wrong) ~= "table" then
    -- A mistake of ours. What it says may hold what was sent.
    wrong = { where = "", problem = "can't be read" }
  end
  -- Only names of fields and constant words: nothing of it has to be escaped but quotes.
  local described = wrong.problem:gsub('"', '\\"')
  local told = wrong.where == "" and "The request " or "The request holds what it may not: " .. wrong.where .. " "
  local answer = '{"code":3,"message":"' .. told .. described .. '.","details":[' .. INFO
  if wrong.where ~= "" then
    answer = answer .. FIELDS .. '[{"field":"' .. wrong.where .. '","description":"' .. described .. '"}]}'
  end
  handle:respond({ [":status"] = "400", ["content-type"] = "application/json" }, answer .. "]}")
end
